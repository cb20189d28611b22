// Makes metrics and spans of what the stores do, for whatever SDK of OpenTelemetry is set up:
//
//   node --import ./opentelemetry.js telegraf-files.js
import { subscribe } from 'node:diagnostics_channel';
import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';

const meter = metrics.getMeter('@sessions');
const tracer = trace.getTracer('@sessions');
const durations = meter.createHistogram('db.client.operation.duration', {
  unit: 's',
  description: 'How long an operation of a session store takes',
  advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
});

subscribe('sessions:operation', ({ operation, store, duration, error, idHash }) => {
  const attributes = {
    'db.system.name': store,
    'db.operation.name': operation,
    ...(error && { 'error.type': error }),
  };
  durations.record(duration / 1000, attributes);
  const end = Date.now();
  // A span of the trace in which the store was called, which is the active one here.
  const span = tracer.startSpan(`${store}.${operation}`, {
    startTime: end - duration,
    attributes: { ...attributes, ...(idHash && { 'sessions.id_hash': idHash }) },
  });
  if (error) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end(end);
});
