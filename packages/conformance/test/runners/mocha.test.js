import { certify } from '@sessions/conformance';
import { describe, it } from 'mocha';
import { subject } from './subject.js';

certify({ describe, test: it, ...subject });
