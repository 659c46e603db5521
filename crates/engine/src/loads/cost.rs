//! What a sequence loads a pack with: linear · length + quadratic · length².

use crate::Fault;
use crate::template::Run;

/// The load of a sequence, in whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoadCost {
    /// Of a token; below 2^31.
    pub linear: u32,
    /// Of a squared length; below 2^31.
    pub quadratic: u32,
}

impl Default for LoadCost {
    /// Tokens.
    fn default() -> Self {
        Self { linear: 1, quadratic: 0 }
    }
}

/// Loads of one sequence at most.
const MOST: u128 = 1 << 62;

impl LoadCost {
    /// The load of a sequence.
    #[must_use]
    pub fn of(self, length: u32) -> u128 {
        let length = u128::from(length);
        u128::from(self.linear) * length + u128::from(self.quadratic) * length * length
    }

    /// The load of a pack.
    #[must_use]
    pub fn of_runs(self, runs: &[Run]) -> u128 {
        runs.iter().map(|run| self.of(run.length) * u128::from(run.times)).sum()
    }

    /// True if loads are tokens, or a multiple of them.
    #[must_use]
    pub fn is_tokens(self) -> bool {
        self.linear == 1 && self.quadratic == 0
    }

    /// The load of the longest sequence, if loads of this kind can be balanced.
    ///
    /// # Errors
    /// [`Fault::Option`] where nothing loads a pack, or a sequence more than 2^62.
    pub(super) fn check(self, longest: u32) -> Result<(), Fault> {
        if self.linear == 0 && self.quadratic == 0 {
            return Err(refused("cost needs a linear or a quadratic part above 0".to_owned()));
        }
        let most = self.of(longest);
        if most > MOST {
            return Err(refused(format!(
                "a sequence of {longest} tokens costs {most}, more than 2^62; take smaller factors"
            )));
        }
        Ok(())
    }
}

/// The fault of loads that can't be.
pub(super) fn refused(detail: String) -> Fault {
    Fault::Option { detail }
}
