import { describe, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { subject } from './subject.js';

certify({ describe, test, ...subject });
