//! Tells texts apart by their fingerprints, within one plan: what is looked up is a number, and the text stays where it is.

use std::hash::{BuildHasher, RandomState};

/// Numbers by the texts that they stand for. The texts are the caller's: it is asked whether one is meant.
#[derive(Debug)]
pub struct Table {
    /// Half a fingerprint and, below it, the number and one more; zero where nothing is. A text is in the first place
    /// from its own on that was free.
    slots: Vec<u64>,
    held: usize,
    /// Nobody outside can know it: whoever names accounts and people cannot choose names that collide.
    seed: u64,
}

/// What a text is told apart by in one [`Table`]. It is worked out before anything is looked up: then the processor
/// waits for the slots of many texts at once, and not for one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Fingerprint(u32);

impl Table {
    /// An empty table, with room for so many texts before it must grow.
    pub fn with_room_for(texts: usize) -> Table {
        let slots = vec![0; (texts * 2).next_power_of_two().max(2)];
        Table { slots, held: 0, seed: RandomState::new().hash_one(0) | 1 }
    }

    /// The number of a text of this fingerprint; `is` says whether a number stands for it.
    pub fn find(&self, fingerprint: Fingerprint, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.seek(fingerprint, is).ok()
    }

    /// The first number of this fingerprint: nearly always that of the text which is sought, if there is one.
    pub fn first(&self, fingerprint: Fingerprint) -> Option<u32> {
        self.find(fingerprint, |_| true)
    }

    /// The number of a text of this fingerprint, which is `number` if it has none yet.
    pub fn find_or_insert(&mut self, fingerprint: Fingerprint, number: u32, is: impl Fn(u32) -> bool) -> u32 {
        match self.seek(fingerprint, is) {
            Ok(known) => known,
            Err(free) => {
                self.slots[free] = u64::from(fingerprint.0) << 32 | (u64::from(number) + 1);
                self.held += 1;
                if self.held * 2 > self.slots.len() {
                    self.grow();
                }
                number
            }
        }
    }

    /// The number that is meant, or the place where it would be.
    fn seek(&self, fingerprint: Fingerprint, is: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mut place = self.home(fingerprint.0);
        loop {
            let slot = self.slots[place];
            if slot == 0 {
                return Err(place);
            }
            let number = (slot as u32).wrapping_sub(1);
            if (slot >> 32) as u32 == fingerprint.0 && is(number) {
                return Ok(number);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// By the upper bits, so that a fingerprint tells the place in a larger table as well.
    fn home(&self, fingerprint: u32) -> usize {
        (fingerprint as usize * self.slots.len()) >> 32
    }

    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, larger).into_iter().filter(|slot| *slot != 0) {
            let mut place = self.home((slot >> 32) as u32);
            while self.slots[place] != 0 {
                place = (place + 1) & (self.slots.len() - 1);
            }
            self.slots[place] = slot;
        }
    }

    /// Multiplies eight bytes at a time and folds the halves of the product, as wyhash does.
    pub fn fingerprint(&self, text: &str) -> Fingerprint {
        let fold = |state: u64, word: u64| {
            let product = u128::from(state ^ word) * u128::from(self.seed ^ 0x9e37_79b9_7f4a_7c15);
            (product as u64) ^ (product >> 64) as u64
        };
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let state = words.iter().fold(self.seed, |state, word| fold(state, u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let state = fold(state, u64::from_le_bytes(last));
        Fingerprint((fold(state, text.len() as u64) >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use crate::planning::fingerprint::Table;

    #[test]
    fn each_text_has_the_number_it_came_with_first() {
        let texts: Vec<String> = (0..1000).map(|number| format!("{:03}", number % 700)).collect();
        let mut table = Table::with_room_for(1);
        for (text, number) in texts.iter().zip(0..) {
            let (fingerprint, is) = (table.fingerprint(text), |other: u32| texts[other as usize] == *text);
            assert_eq!(table.find_or_insert(fingerprint, number, is), number % 700);
            assert_eq!(table.find(fingerprint, is), Some(number % 700));
        }
        assert_eq!(table.find(table.fingerprint(""), |_| false), None);
    }
}
