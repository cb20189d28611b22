import { join } from 'node:path';
import { testExamples } from '../../../tooling/examples.ts';

testExamples(join(import.meta.dirname, '../README.md'));
