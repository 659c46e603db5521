//! Completion: a few packs for exactly what is left, by an exact search with few nodes.
//!
//! The longest sequence opens a pack; all ways to complete it whose room the slack allows are tried,
//! the fullest first. Slack is what the packs hold beyond the tokens left, so that it shrinks with
//! every pack that is not full: a branch ends when it is spent. Exponential; for a dozen packs.
//! Source: bin completion (Korf 2002; here: pack).

use super::Task;
use super::supply::Supply;
use super::work::Work;
use crate::template::{Run, Templates};

/// Ways to complete one pack that are kept.
const WAYS: usize = 60;

/// Packs for all of `task`, `packs` at most; none if `most_nodes` nodes do not find them.
pub(super) fn complete(
    task: &Task,
    packs: u64,
    most_nodes: u64,
    work: &mut Work,
) -> Option<Templates> {
    let tokens: u64 = task.classes.iter().map(|class| u64::from(class.0) * class.1).sum();
    let slack = (packs * u64::from(task.capacity)).checked_sub(tokens)?;
    let mut completion = Completion {
        supply: Supply::new(task.classes),
        capacity: task.capacity,
        limit: task.limit.unwrap_or(u32::MAX),
        path: Vec::new(),
        nodes: 0,
        most_nodes,
    };
    let found = completion.descend(packs, slack);
    work.charge_nodes(completion.nodes);
    found.then(|| completion.templates())
}

struct Completion {
    supply: Supply,
    capacity: u32,
    limit: u32,
    /// Classes of each pack so far.
    path: Vec<Vec<usize>>,
    nodes: u64,
    most_nodes: u64,
}

impl Completion {
    fn descend(&mut self, packs: u64, slack: u64) -> bool {
        let Some(longest) = self.supply.longest() else { return true };
        if packs == 0 || self.nodes >= self.most_nodes {
            return false;
        }
        let room = self.capacity - self.supply.length(longest);
        let mut ways = Ways {
            found: Vec::new(),
            path: vec![longest],
            slack,
            limit: self.limit,
            most_nodes: self.most_nodes,
        };
        self.supply.take(longest, 1);
        ways.collect(&mut self.supply, room, longest, &mut self.nodes);
        self.supply.put(longest, 1);
        // The fullest first; of equally full ones those with longer sequences, as they were found.
        ways.found.sort_by_key(|way| way.0);
        ways.found.truncate(WAYS);
        for (left, way) in ways.found {
            if u64::from(left) > slack {
                break;
            }
            for &class in &way {
                self.supply.take(class, 1);
            }
            self.path.push(way);
            if self.descend(packs - 1, slack - u64::from(left)) {
                return true;
            }
            let way = self.path.pop().expect("pushed above");
            for class in way {
                self.supply.put(class, 1);
            }
        }
        false
    }

    fn templates(&self) -> Templates {
        let mut templates = Templates::new();
        for pack in &self.path {
            let same = pack.chunk_by(|a, b| a == b);
            let run = |same: &[usize]| Run {
                length: self.supply.length(same[0]),
                times: same.len() as u32,
            };
            let runs: Vec<Run> = same.map(run).collect();
            templates.push(&runs, 1);
        }
        templates
    }
}

/// All ways to complete a pack with nothing left that would still fit, and little room.
struct Ways {
    found: Vec<(u32, Vec<usize>)>,
    path: Vec<usize>,
    slack: u64,
    limit: u32,
    most_nodes: u64,
}

impl Ways {
    fn collect(&mut self, supply: &mut Supply, room: u32, from: usize, nodes: &mut u64) {
        *nodes += 1;
        let full = self.path.len() as u32 >= self.limit;
        if u64::from(room) <= self.slack {
            let longer_fits = supply.at_most(room).is_some();
            if full || !longer_fits {
                self.found.push((room, self.path.clone()));
            }
        }
        let mut next = if full { None } else { supply.at_most_from(room, from) };
        while let Some(class) = next {
            if *nodes >= self.most_nodes || self.found.len() >= 4 * WAYS {
                return;
            }
            supply.take(class, 1);
            self.path.push(class);
            self.collect(supply, room - supply.length(class), class, nodes);
            self.path.pop();
            supply.put(class, 1);
            next = supply.shorter(class);
        }
    }
}
