//! Turns at a BMC: one command at a time, with the pause between them that some BMCs need.

use std::{sync::Arc, time::Duration};

use metrics::histogram;
use moka::future::Cache;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    IpmiConfig,
    failure::{CallError, Failure},
    info::DriverInfo,
    tool,
};
use crate::{CALL_SECONDS, error::DriverError, fence, interface::Task};

/// The pause before a command is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// What is remembered of a BMC.
#[derive(Default)]
struct Turn {
    /// When its last command ended.
    last: Option<Instant>,
    /// How many of the configured cipher suites it has turned down.
    suites_refused: usize,
}

/// The BMCs that were asked lately.
pub struct Bmcs {
    /// The configuration.
    pub config: IpmiConfig,
    turns: Cache<(String, u16), Arc<Mutex<Turn>>>,
}

impl From<IpmiConfig> for Bmcs {
    fn from(config: IpmiConfig) -> Self {
        Self { config, turns: Cache::builder().time_to_idle(Duration::from_secs(3600)).build() }
    }
}

impl Bmcs {
    /// The node's BMC.
    pub async fn of(&self, task: &Task) -> Result<Bmc<'_>, DriverError> {
        let info = DriverInfo::parse(&task.node)?;
        let turn = self.turns.get_with((info.address.clone(), info.port), async { Arc::default() }).await;
        Ok(Bmc { config: &self.config, info, turn })
    }
}

/// A node's BMC.
pub struct Bmc<'a> {
    /// The configuration.
    pub config: &'a IpmiConfig,
    /// Where it is.
    pub info: DriverInfo,
    turn: Arc<Mutex<Turn>>,
}

impl Bmc<'_> {
    /// Asks for something that changes nothing; what fails is asked again while there is time.
    pub async fn read(&self, command: &[&str]) -> Result<String, CallError> {
        self.ask(command, false, Failure::is_transient).await
    }

    /// Asks for a change; what the BMC never heard is asked again while there is time.
    pub async fn write(&self, command: &[&str]) -> Result<String, CallError> {
        self.ask(command, true, |failure| matches!(failure, Failure::NotSent(_))).await
    }

    /// An error about an answer to `command` that makes no sense.
    pub fn nonsense(&self, command: &[&str], answer: &str) -> CallError {
        let told = format!("not understood: {:?}", crate::http::plain(answer));
        self.error(command, false, Failure::Nonsense(told))
    }

    async fn ask(&self, command: &[&str], write: bool, again: impl Fn(&Failure) -> bool) -> Result<String, CallError> {
        let deadline = Instant::now() + self.config.call_timeout;
        loop {
            let failure = match self.take_turn(command, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let named = !write && self.config.retryable.iter().any(|text| failure.told().contains(text));
            let next = Instant::now() + PAUSE;
            if !(again(&failure) || named) || next + self.config.min_command_interval >= deadline {
                return Err(self.error(command, write, failure));
            }
            sleep_until(next).await;
        }
    }

    /// One command, with each of the cipher suites that are left to try.
    async fn take_turn(&self, command: &[&str], deadline: Instant) -> Result<String, Failure> {
        let busy = |_| Failure::NotSent("other commands to this BMC are under way".to_owned());
        let mut turn = timeout_at(deadline, self.turn.lock()).await.map_err(busy)?;
        let configured = &self.config.cipher_suites;
        loop {
            let suite = self.info.cipher_suite.or_else(|| configured.iter().rev().nth(turn.suites_refused).copied());
            let more = self.info.cipher_suite.is_none() && turn.suites_refused + 1 < configured.len();
            match self.once(&mut turn, suite, command, deadline).await {
                Err(Failure::CipherSuite(_)) if more => turn.suites_refused += 1,
                result => return result,
            }
        }
    }

    async fn once(
        &self,
        turn: &mut MutexGuard<'_, Turn>,
        suite: Option<u8>,
        command: &[&str],
        deadline: Instant,
    ) -> Result<String, Failure> {
        let start = turn.last.map(|last| last + self.config.min_command_interval);
        if start.is_some_and(|start| start >= deadline) {
            return Err(Failure::NotSent("no time was left to ask".to_owned()));
        }
        if let Some(start) = start {
            sleep_until(start).await;
        }
        fence::check().map_err(|why| Failure::NotSent(why.to_owned()))?;
        let began = Instant::now();
        let result = tool::run(&self.config.tool, &self.info, suite, command, deadline).await;
        let ended = Instant::now();
        histogram!(CALL_SECONDS, "service" => "ipmi").record(ended - began);
        turn.last = Some(ended);
        result
    }

    fn error(&self, command: &[&str], write: bool, failure: Failure) -> CallError {
        CallError { address: self.info.address.clone(), command: command.join(" "), write, failure }
    }
}
