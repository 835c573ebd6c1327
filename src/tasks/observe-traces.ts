/**
 * OpenTelemetry spans: event → run → steps, under the request that wrote the event. Only the API is used: without an SDK that
 * the process registers, nothing is recorded and each run costs one call.
 */
import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { ClaimedRun } from "./run.ts";

/** Asked for each run: an SDK may be registered after this module is loaded, or in place of another. */
const currentTracer = (): Tracer => trace.getTracer("enginejs");
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Whether a text is what W3C's Trace Context calls a traceparent: what a request carried here may be anything. */
export const isTraceparent = (text: string): boolean => form.test(text);

/** The span of a run that is recorded, as its steps need it. */
export class RunTrace {
  private readonly span: Span;
  private readonly context: Context;

  constructor(span: Span, parent: Context) {
    this.span = span;
    this.context = trace.setSpan(parent, span);
  }

  /** Starts the spans of a run; undefined where nobody records. */
  static start(claimed: ClaimedRun, workflow: string): RunTrace | undefined {
    const tracer = currentTracer();
    const { event, attempts } = claimed;
    let parent = remoteContext(claimed.origin?.traceparent);
    if (attempts === 1) {
      // From the event to its run's start: what the request waited for, in the same trace.
      const attributes = {
        "enginejs.event.id": event.id,
        "enginejs.model": event.model,
        "enginejs.action": event.action,
      };
      const waited = tracer.startSpan(
        `event ${event.model}.${event.action}`,
        { kind: SpanKind.PRODUCER, startTime: new Date(event.createdAt), attributes },
        parent,
      );
      if (!waited.isRecording()) return undefined;
      waited.end();
      parent = trace.setSpan(parent, waited);
    }
    const attributes = {
      "enginejs.workflow": workflow,
      "enginejs.run.id": claimed.id,
      "enginejs.run.attempt": attempts,
    };
    const span = tracer.startSpan(`run ${workflow}`, { kind: SpanKind.CONSUMER, attributes }, parent);
    return span.isRecording() ? new RunTrace(span, parent) : undefined;
  }

  /** Runs an attempt at a step in a span of its own; the text is the traceparent of what it causes. */
  async step<T>(path: string, kind: string, work: (traceparent: string) => Promise<T>): Promise<T> {
    const attributes = { "enginejs.step": path, "enginejs.step.kind": kind };
    const span = currentTracer().startSpan(`step ${path}`, { attributes }, this.context);
    try {
      return await context.with(trace.setSpan(this.context, span), work, undefined, traceparentOf(span.spanContext()));
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      span.end();
    }
  }

  end(outcome: string, error: string | undefined): void {
    this.span.setAttribute("enginejs.run.outcome", outcome);
    if (error !== undefined) this.span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    this.span.end();
  }
}

function remoteContext(traceparent: string | null | undefined): Context {
  const [, traceId, spanId, flags] = form.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags ?? "00", 16) & TraceFlags.SAMPLED,
    isRemote: true,
  });
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, "0")}`;
