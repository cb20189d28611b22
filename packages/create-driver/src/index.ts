export { type CreateOptions, createDriver } from './create-driver.ts';
