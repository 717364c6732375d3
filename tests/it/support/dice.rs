//! Chance that falls the same way every time: a SplitMix64 with a fixed seed.

/// Where everything that looks accidental in a test comes from.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as that seed says.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    /// The same, of what is counted in 64 bits, such as microseconds.
    pub fn within(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// From `least` to `most`.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// With a chance of one in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.within(n) == 0
    }

    /// Whether something that happens in `percent` of all cases happens now.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; there is at least one.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Some of several, in their order.
    pub fn some<T: Clone>(&mut self, of: &[T], percent: usize) -> Vec<T> {
        of.iter().filter(|_| self.chance(percent)).cloned().collect()
    }

    /// An identifier.
    pub fn uuid(&mut self) -> uuid::Uuid {
        let value = u128::from(self.next()) << 64 | u128::from(self.next());
        uuid::Uuid::from_u128(value & !(0xF << 76) & !(0x3 << 62) | 0x7 << 76 | 0x2 << 62)
    }
}
