//! What is being worked on, for whoever writes a log line or begins a span meanwhile.

use std::cell::OnceCell;
use std::rc::Rc;

use opentelemetry::trace::SpanContext;

use crate::domain::ids::TenantId;

tokio::task_local! {
    static CURRENT: Rc<Context>;
}

/// One piece of work: a request, or an attempt to deliver a message.
#[derive(Debug)]
pub struct Context {
    /// Its id in logs and answers.
    pub request_id: String,
    /// The span around it; `None` where nothing is traced.
    pub span: Option<SpanContext>,
    tenant: OnceCell<TenantId>,
}

impl Context {
    /// Work with this id, within this span.
    #[must_use]
    pub fn new(request_id: String, span: Option<SpanContext>) -> Rc<Self> {
        Rc::new(Self { request_id, span, tenant: OnceCell::new() })
    }

    /// Whose work it is, as soon as that is known.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.tenant.get()
    }

    /// Notes whose work it is; the first word counts.
    pub fn belongs_to(&self, tenant: &TenantId) {
        self.tenant.get_or_init(|| tenant.clone());
    }
}

/// Does `work` within `context`.
pub async fn within<F: Future>(context: Rc<Context>, work: F) -> F::Output {
    CURRENT.scope(context, work).await
}

/// Notes whose work the current one is.
pub fn acts_for(tenant: &TenantId) {
    current(|context| context.belongs_to(tenant));
}

/// What `look` finds in the current work, if there is one on this thread.
pub(super) fn current<T>(look: impl FnOnce(&Context) -> T) -> Option<T> {
    CURRENT.try_with(|context| look(context)).ok()
}
