//! The configured hooks in their order, and their run.
//!
//! **Invariant:** a pipeline holds only hooks that exist, each once and after those it requires.

use super::{
    Change, Context, Findings, HOOKS, Hook, HookError, HookFailure, HookOptions, HookView, local_link_connection,
    parse_lldp,
};
use crate::inventory::Body;

/// The hooks of one inspect interface.
#[derive(Clone, Debug)]
pub struct Pipeline(Vec<&'static Hook>);

/// The list of hooks can't be used; the service must not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum PipelineError {
    #[error("unknown hook {name:?}; the hooks are {known}")]
    Unknown { name: String, known: String },
    #[error("hook {hook} requires {missing} to be enabled before it")]
    Requires { hook: &'static str, missing: &'static str },
}

impl Pipeline {
    /// The value of `[inspector] default_hooks`, and of `hooks` as well.
    pub const DEFAULT: &'static str = "ramdisk-error,validate-interfaces,ports,architecture";

    /// Reads the value of `[inspector] hooks`: names joined by commas, where `$default_hooks`
    /// stands for the value of that option.
    ///
    /// # Errors
    /// [`PipelineError`] for an unknown name or for a hook that stands before one it requires.
    pub fn parse(hooks: &str, default_hooks: &str) -> Result<Self, PipelineError> {
        let hooks = hooks.replace("$default_hooks", default_hooks);
        let mut pipeline: Vec<&'static Hook> = Vec::new();
        for name in hooks.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let hook = find(name)?;
            let enabled = |required: &str| pipeline.iter().any(|hook| hook.name == required);
            if enabled(hook.name) {
                continue;
            }
            if let Some(missing) = hook.requires.iter().find(|required| !enabled(required)) {
                return Err(PipelineError::Requires { hook: hook.name, missing });
            }
            pipeline.push(hook);
        }
        Ok(Self(pipeline))
    }

    /// The hooks' names in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|hook| hook.name)
    }

    /// Whether a hook reads what the ramdisk has heard of the switches, so that it has to listen.
    #[must_use]
    pub fn reads_lldp(&self) -> bool {
        self.names().any(|name| [parse_lldp::HOOK.name, local_link_connection::HOOK.name].contains(&name))
    }

    /// Says what `body` changes: both phases of every hook.
    ///
    /// # Errors
    /// [`HookError`]: all failures of the first phase, or the first one of the second.
    pub fn run(&self, view: HookView<'_>, body: &Body, options: &HookOptions) -> Result<Vec<Change>, HookError> {
        let context = Context { view, body, options };
        let mut findings = Findings::default();
        let mut failures = Vec::new();
        for hook in &self.0 {
            if let Some(Err(reason)) = hook.preprocess.map(|run| run(&context, &mut findings)) {
                failures.push(HookFailure { hook: hook.name, reason });
            }
        }
        if !failures.is_empty() {
            return Err(HookError::Preprocess(failures));
        }
        let mut changes = Vec::new();
        for hook in &self.0 {
            let Some(run) = hook.main else { continue };
            let more =
                run(&context, &findings).map_err(|reason| HookError::Main(HookFailure { hook: hook.name, reason }))?;
            changes.extend(more);
        }
        Ok(changes)
    }
}

fn find(name: &str) -> Result<&'static Hook, PipelineError> {
    let hyphenated = name.replace('_', "-");
    HOOKS
        .into_iter()
        .find(|hook| hook.name == hyphenated)
        .ok_or_else(|| PipelineError::Unknown { name: name.to_owned(), known: HOOKS.map(|hook| hook.name).join(", ") })
}
