//! Spans of traces (OpenTelemetry, W3C Trace Context). Without
//! `OTEL_EXPORTER_OTLP_ENDPOINT` there are none, and asking for one costs a look at an
//! empty cell.
//!
//! A trace follows a document: from the request that sends it over its message in the
//! outbox to the client role, and to whoever reads it there.

use std::borrow::Cow;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

pub use opentelemetry::trace::SpanKind;

use super::context::current;
use super::export;
use crate::config::Traces;
use crate::platform::version::VERSION;

/// Header in which a caller names its span (W3C Trace Context, section 3.2).
pub const TRACE_PARENT: &str = "traceparent";
/// Length of that header in version 00; later versions may only add to it.
const LENGTH: usize = 55;
/// Longest time to hand over what is left when a process ends.
const LAST: Duration = Duration::from_secs(2);

static TRACING: OnceLock<Tracing> = OnceLock::new();

struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// Begins to trace. Once for a process.
pub fn start(settings: &Traces) -> io::Result<()> {
    let exporter = export::exporter(settings)?;
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", settings.service.clone()),
            KeyValue::new("service.version", VERSION),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.ratio))))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("oc");
    if TRACING.set(Tracing { provider, tracer }).is_err() {
        log::debug!("tracing runs already");
    }
    Ok(())
}

/// Hands over what is left; for the end of the program.
pub fn stop() {
    if let Some(tracing) = TRACING.get()
        && let Err(error) = tracing.provider.shutdown_with_timeout(LAST)
    {
        log::warn!("the last spans were not handed over: {error}");
    }
}

/// Whether anything is traced.
#[must_use]
pub fn is_on() -> bool {
    TRACING.get().is_some()
}

/// Something that takes time. Ends when it is dropped.
#[derive(Debug, Default)]
pub struct Span(Option<opentelemetry_sdk::trace::Span>);

impl Span {
    /// A span that begins a trace, or goes on with one that `parent` names.
    #[must_use]
    pub fn begin(name: impl Into<Cow<'static, str>>, kind: SpanKind, parent: Option<&SpanContext>) -> Self {
        Self::linked(name, kind, parent, None)
    }

    /// The same, with a link to a span of another trace.
    #[must_use]
    pub fn linked(
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        parent: Option<&SpanContext>,
        link: Option<SpanContext>,
    ) -> Self {
        let Some(Tracing { tracer, .. }) = TRACING.get() else { return Self(None) };
        let around = parent
            .map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent.clone()));
        let mut builder = SpanBuilder::from_name(name).with_kind(kind);
        builder.links = link.map(|link| vec![opentelemetry::trace::Link::with_context(link)]);
        Self(Some(tracer.build_with_context(builder, &around)))
    }

    /// A part of the current work; nothing outside of it.
    #[must_use]
    pub fn part(name: &'static str, kind: SpanKind) -> Self {
        if !is_on() {
            return Self(None);
        }
        let around = current(|work| work.span.clone()).flatten();
        around.map_or(Self(None), |around| Self::begin(name, kind, Some(&around)))
    }

    /// What others name it by; `None` where nothing is traced.
    #[must_use]
    pub fn context(&self) -> Option<SpanContext> {
        self.0.as_ref().map(|span| span.span_context().clone())
    }

    /// Tells something about it.
    pub fn tell(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// Gives it a name that is only known by now.
    pub fn rename(&mut self, name: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.0 {
            span.update_name(name);
        }
    }

    /// It failed; why, in words that are harmless.
    pub fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(why));
        }
    }
}

/// The span that a header or a row names.
#[must_use]
pub fn read(trace_parent: &str) -> Option<SpanContext> {
    // The library also takes flags of one digit, which the recommendation does not know.
    if trace_parent.len() < LENGTH {
        return None;
    }
    struct One<'a>(&'a str);
    impl Extractor for One<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            (key == TRACE_PARENT).then_some(self.0)
        }

        fn keys(&self) -> Vec<&str> {
            vec![TRACE_PARENT]
        }
    }
    let read = TraceContextPropagator::new().extract_with_context(&Context::new(), &One(trace_parent));
    let found = read.span().span_context().clone();
    found.is_valid().then_some(found)
}

/// A span as a header or a row names it, 55 characters.
#[must_use]
pub fn written(span: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8() & 1)
}

/// The span of the current work, as a header or a row names it.
#[must_use]
pub fn current_parent() -> Option<String> {
    current(|work| work.span.as_ref().map(written)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(read(header).map(|span| written(&span)).as_deref(), Some(header));
        let zeroes = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for bad in ["", "00", zeroes, &header.to_uppercase(), &header[..54], "ff-4bf9"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_is_traced_unless_somebody_asked_for_it() {
        let mut span = Span::begin("x", SpanKind::Internal, None);
        span.tell("key", 1);
        assert!(span.context().is_none() && current_parent().is_none() && !is_on());
    }
}
