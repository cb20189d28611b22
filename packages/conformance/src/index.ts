export type { Backend, Elsewhere, Interruption, Restore } from './backend.ts';
export { type Certification, certify } from './certify.ts';
