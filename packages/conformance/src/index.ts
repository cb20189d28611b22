export type { Backend, Restore } from './backend.ts';
export { type Certification, certify } from './certify.ts';
