//! Open packs in order of opening, as runs of equal neighbours: what first fit searches.
//!
//! A tree of runs with the most room under each branch. A class goes from the front to the back
//! once: packs passed over or filled have no room for another of it, so whole runs are filled at
//! once and at most one is divided. O(log) for each run touched, wherever it stands.

use super::groups::{Groups, NONE};

/// Runs or branches of a node; up to twice as many before it is divided.
const WIDTH: usize = 32;

/// Packs in order of opening.
pub(super) struct OpeningOrder {
    root: Node,
    capacity: u32,
    limit: u32,
}

struct Node {
    /// The most room of a pack below.
    room: u32,
    below: Below,
}

enum Below {
    Runs(Vec<Run>),
    Nodes(Vec<Node>),
}

/// The packs of one group.
#[derive(Clone, Copy)]
struct Run {
    /// Room of each pack; 0 if it is closed.
    room: u32,
    group: u32,
}

/// Sequences of one length that look for packs.
struct Class {
    length: u32,
    need: u32,
    left: u64,
}

impl OpeningOrder {
    /// No packs, of `capacity` and at most `limit` sequences.
    pub(super) fn new(capacity: u32, limit: u32) -> Self {
        Self { root: Node { room: 0, below: Below::Runs(Vec::new()) }, capacity, limit }
    }

    /// Opens the packs of `group` behind all others.
    pub(super) fn open(&mut self, groups: &Groups, group: u32, room: u32) {
        let closed = groups.get(group).held == self.limit;
        self.root.push(Run { room: if closed { 0 } else { room }, group });
        self.grow();
    }

    /// Places `left` sequences of `length`, each into the first pack that fits it.
    pub(super) fn place(&mut self, groups: &mut Groups, length: u32, need: u32, left: u64) {
        let mut class = Class { length, need, left };
        self.root.place(&mut class, groups, self.limit);
        self.grow();
        let times = (self.capacity / need).min(self.limit);
        let (full, rest) = (class.left / u64::from(times), class.left % u64::from(times));
        for (times, count) in [(times, full), (rest as u32, u64::from(rest > 0))] {
            if count > 0 {
                let group = groups.fill(NONE, length, times, count);
                self.open(groups, group, self.capacity - times * need);
            }
        }
    }

    /// A root that became too wide gets a new one above it.
    fn grow(&mut self) {
        while let Some(second) = self.root.divided() {
            let room = self.root.room.max(second.room);
            let first = std::mem::replace(
                &mut self.root,
                Node { room, below: Below::Nodes(Vec::with_capacity(2 * WIDTH)) },
            );
            if let Below::Nodes(nodes) = &mut self.root.below {
                nodes.extend([first, second]);
            }
        }
    }
}

impl Node {
    fn new(below: Below) -> Self {
        let mut node = Self { room: 0, below };
        node.measure();
        node
    }

    fn measure(&mut self) {
        let most = match &self.below {
            Below::Runs(runs) => runs.iter().map(|run| run.room).max(),
            Below::Nodes(nodes) => nodes.iter().map(|node| node.room).max(),
        };
        self.room = most.unwrap_or(0);
    }

    /// The second half, if this has become too wide.
    fn divided(&mut self) -> Option<Self> {
        let second = match &mut self.below {
            Below::Runs(runs) if runs.len() > 2 * WIDTH => Below::Runs(runs.split_off(WIDTH)),
            Below::Nodes(nodes) if nodes.len() > 2 * WIDTH => Below::Nodes(nodes.split_off(WIDTH)),
            _ => return None,
        };
        self.measure();
        Some(Self::new(second))
    }

    fn push(&mut self, run: Run) {
        self.room = self.room.max(run.room);
        match &mut self.below {
            Below::Runs(runs) => runs.push(run),
            Below::Nodes(nodes) => {
                let last = nodes.last_mut().expect("a node is divided when it has branches");
                last.push(run);
                if let Some(second) = last.divided() {
                    nodes.push(second);
                }
            }
        }
    }

    fn place(&mut self, class: &mut Class, groups: &mut Groups, limit: u32) {
        if self.room < class.need || class.left == 0 {
            return;
        }
        match &mut self.below {
            Below::Runs(runs) => fill(runs, class, groups, limit),
            Below::Nodes(nodes) => {
                let mut at = 0;
                while at < nodes.len() && class.left > 0 {
                    nodes[at].place(class, groups, limit);
                    // At most three runs come of one, so half a node is always wide enough.
                    while let Some(second) = nodes[at].divided() {
                        at += 1;
                        nodes.insert(at, second);
                    }
                    at += 1;
                }
            }
        }
        self.measure();
    }
}

/// Fills the runs of a leaf, in order, as far as the class lasts.
fn fill(runs: &mut Vec<Run>, class: &mut Class, groups: &mut Groups, limit: u32) {
    let mut at = 0;
    while at < runs.len() && class.left > 0 {
        let Run { room, group } = runs[at];
        if room < class.need {
            at += 1;
            continue;
        }
        let (held, count) = (groups.get(group).held, groups.get(group).count);
        let times = (room / class.need).min(limit - held);
        let full = count.min(class.left / u64::from(times));
        class.left -= full * u64::from(times);
        let rest = if full < count { std::mem::take(&mut class.left) as u32 } else { 0 };
        let mut put = |groups: &mut Groups, times: u32, count: u64| {
            let group = groups.fill(group, class.length, times, count);
            let closed = held + times == limit;
            let room = if closed { 0 } else { room - times * class.need };
            runs.insert(at, Run { room, group });
            at += 1;
        };
        if full > 0 {
            put(groups, times, full);
        }
        if rest > 0 {
            put(groups, rest, 1);
        }
        // The packs that took nothing, if any, stand behind the ones that did.
        if groups.get(group).count == 0 {
            runs.remove(at);
        } else {
            at += 1;
        }
    }
}
