//! What a follower of a run has seen, and how the rest is shown. No I/O.

use std::fmt::Write;

use assay_core::node::Timestamp;
use serde::Deserialize;

/// The answer of `GET /v1/nodes/<id>/timeline`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Timeline {
    /// The newest run of the node.
    #[serde(default)]
    pub run: Option<String>,
    /// What happened in it, oldest first.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What, in one word.
    pub event: String,
    /// The same in a sentence, or what there is to add.
    #[serde(default)]
    pub text: String,
}

/// Follows one run and tells what is new.
#[derive(Debug, Default)]
pub struct Follower {
    /// The run that was there before ours; its events are not news.
    pub former: Option<String>,
    /// Use colours.
    pub coloured: bool,
    /// The run whose events are told.
    pub current: Option<String>,
    /// How many of its events were told.
    pub shown: usize,
    /// When it began.
    pub started: Option<Timestamp>,
    /// What came last in it, and when.
    pub last: Option<(String, Timestamp)>,
}

impl Follower {
    /// The lines for what `timeline` has and was not told before.
    pub fn news(&mut self, timeline: &Timeline) -> Vec<String> {
        if timeline.run.is_none() || timeline.run == self.former {
            return Vec::new();
        }
        if timeline.run != self.current {
            self.current.clone_from(&timeline.run);
            self.shown = 0;
            self.started = timeline.events.first().map(|event| event.at);
        }
        let news = timeline.events.get(self.shown..).unwrap_or_default();
        self.shown = timeline.events.len();
        self.last = timeline.events.last().map(|event| (event.event.clone(), event.at));
        self.started = self.started.or_else(|| news.first().map(|event| event.at));
        news.iter().map(|event| self.line(event)).collect()
    }

    /// The line that shows that time goes on: the node's state, for how long, and what came last.
    #[must_use]
    pub fn progress(&self, state: &str, now: Timestamp) -> String {
        const WHEEL: [char; 4] = ['|', '/', '-', '\\'];
        let since = |at: Timestamp| (now - at).num_milliseconds().max(0);
        let elapsed = self.started.map_or(0, since);
        let wheel = WHEEL[usize::try_from(elapsed / 500).unwrap_or_default() % WHEEL.len()];
        let mut line = format!("{wheel} {}  {state}", seconds(elapsed));
        if let Some((event, at)) = &self.last {
            write!(line, " · {event} {} ago", seconds(since(*at))).ok();
        }
        line
    }

    fn line(&self, event: &Event) -> String {
        let since = self.started.map_or(0, |started| (event.at - started).num_milliseconds());
        let (dim, bold, plain) = if self.coloured { ("\x1b[2m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        format!("{dim}{:>7}{plain}  {bold}{:<23}{plain}  {}", seconds(since), event.event, event.text)
    }
}

/// Milliseconds as seconds with one decimal.
fn seconds(milliseconds: i64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(run: &str, events: &[(&str, &str)]) -> Timeline {
        let events = events
            .iter()
            .map(|&(at, event)| Event {
                at: format!("2026-01-01T00:00:{at}Z").parse().unwrap(),
                event: event.into(),
                text: format!("{event}!"),
            })
            .collect();
        Timeline { run: Some(run.into()), events }
    }

    #[test]
    fn each_event_is_told_once_with_its_time_since_the_start() {
        let mut follower = Follower::default();
        let first = follower.news(&timeline("a", &[("01.000", "power"), ("02.250", "dhcp")]));
        assert_eq!(first, ["  0.0 s  power                    power!", "  1.2 s  dhcp                     dhcp!"]);
        let second = follower.news(&timeline("a", &[("01.000", "power"), ("02.250", "dhcp"), ("31.500", "callback")]));
        assert_eq!(second, [" 30.5 s  callback                 callback!"]);
    }

    #[test]
    fn the_former_run_is_no_news() {
        let mut follower = Follower { former: Some("old".into()), ..Follower::default() };
        assert!(follower.news(&timeline("old", &[("01.000", "power")])).is_empty());
        assert_eq!(follower.news(&timeline("new", &[("09.000", "power")])).len(), 1);
    }

    #[test]
    fn progress_shows_the_state_the_time_and_what_came_last() {
        let mut follower = Follower::default();
        follower.news(&timeline("a", &[("01.000", "power"), ("11.500", "kernel")]));
        let line = follower.progress("inspect wait", "2026-01-01T00:01:03.300Z".parse().unwrap());
        assert!(line.ends_with(" 62.3 s  inspect wait · kernel 51.8 s ago"), "{line}");
    }
}
