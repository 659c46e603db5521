//! Every sequence in one place: no index twice, none left out, dropped ones in no pack.

use super::proof::{Proof, invalid};
use super::seen::Seen;
use crate::Fault;

impl Proof<'_> {
    pub(super) fn sequences_stand_once(&self) -> Result<(), Fault> {
        let mut seen = Seen::new(self.lengths.len())?;
        for (entry, &sequence) in self.claim.sequences.iter().enumerate() {
            self.step(entry)?;
            if !seen.add(sequence) {
                let first = self.claim.sequences.iter().position(|&other| other == sequence);
                let detail = format!(
                    "sequence {sequence} stands in pack {} and again in pack {}",
                    self.pack_of(first.expect("it was seen")),
                    self.pack_of(entry)
                );
                return invalid(Some(sequence), detail);
            }
        }
        self.dropped_stand_alone(&mut seen)
    }

    /// Dropped sequences are listed once and stand in no pack.
    pub(super) fn dropped_stand_alone(&self, seen: &mut Seen) -> Result<(), Fault> {
        for &sequence in self.claim.dropped {
            if !seen.add(sequence) {
                let holder = self.claim.sequences.iter().position(|&other| other == sequence);
                let detail = match holder {
                    Some(entry) => format!(
                        "sequence {sequence} is dropped, but stands in pack {}",
                        self.pack_of(entry)
                    ),
                    None => format!("sequence {sequence} is dropped twice"),
                };
                return invalid(Some(sequence), detail);
            }
        }
        Ok(())
    }

    pub(super) fn sequences_are_all_there(&self) -> Result<(), Fault> {
        let mut seen = Seen::new(self.lengths.len())?;
        for &sequence in self.claim.sequences.iter().chain(self.claim.dropped) {
            seen.add(sequence);
        }
        match seen.first_missing(self.lengths.len()) {
            Some(sequence) => {
                let detail = format!("sequence {sequence} stands in no pack and is not dropped");
                invalid(Some(sequence), detail)
            }
            None => Ok(()),
        }
    }
}
