import { describe, test } from 'node:test';
import { certify } from '@sessions/conformance';
import { subject } from './subject.js';

certify({ describe, test, ...subject });
