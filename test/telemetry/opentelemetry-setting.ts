import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AggregationTemporality, type DataPoint, type Histogram, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Test } from 'tap'

type Point = Omit<DataPoint<number | Histogram>, 'startTime' | 'endTime'>

/** OpenTelemetry in this process, which keeps what it gets; gone with the test. */
export function openTelemetry (t: Test) {
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 2 ** 30 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  t.teardown(async () => {
    context.disable()
    propagation.disable()
    trace.disable()
    await meterProvider.shutdown()
    await tracerProvider.shutdown()
  })
  /** What is collected now, by the names of the instruments. */
  const collect = async (): Promise<Record<string, { unit: string, points: Point[] }>> => {
    metrics.reset()
    await reader.forceFlush()
    const all = metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
    return Object.fromEntries(all.map(({ descriptor: { name, unit }, dataPoints }) => [name, {
      unit,
      points: (dataPoints as Point[]).map(({ attributes, value }) => ({ attributes, value }))
    }]))
  }
  return { meterProvider, tracerProvider, collect, spans: () => spans.getFinishedSpans() }
}
