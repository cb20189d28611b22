import { certify } from '@sessions/conformance';
import { describe, test } from 'vitest';
import { subject } from './subject.js';

certify({ describe, test, ...subject });
