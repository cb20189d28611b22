export type { Problem } from './found.ts';
export { type Migrated, type MigrateOptions, migrate } from './migrate.ts';
