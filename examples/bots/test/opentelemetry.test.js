import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { MemorySessionStore } from '@sessions/memory';

test('there are metrics and spans of what a store does', async () => {
  const spans = new InMemorySpanExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: points });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracers = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  await import('../opentelemetry.js');

  const store = new MemorySessionStore();
  await trace.getTracer('bot').startActiveSpan('message', async (message) => {
    await store.write('telegram:42', { secret: 1 });
    await assert.rejects(store.write('telegram:42', {}, { ifMatch: null }));
    message.end();
  });

  await tracers.forceFlush();
  const [write, conflict, message] = spans.getFinishedSpans();
  assert.equal(write.name, 'MemorySessionStore.write');
  assert.equal(write.parentSpanContext.spanId, message.spanContext().spanId);
  assert.equal(write.attributes['sessions.id_hash'].length, 64);
  assert.deepEqual(conflict.status, { code: SpanStatusCode.ERROR, message: 'CONFLICT' });
  assert.equal(conflict.attributes['error.type'], 'CONFLICT');

  await reader.forceFlush();
  const [{ descriptor, dataPoints }] = points.getMetrics()[0].scopeMetrics[0].metrics;
  assert.equal(descriptor.name, 'db.client.operation.duration');
  const counts = dataPoints.map(({ attributes, value }) => [attributes['error.type'], value.count]);
  assert.deepEqual(counts, [
    [undefined, 1],
    ['CONFLICT', 1],
  ]);
  await reader.shutdown();
});
