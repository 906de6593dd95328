//! The sets of names, and the lookup of every subject.

use std::hint::black_box;
use std::str::FromStr;

include!(concat!(env!("OUT_DIR"), "/sets.rs"));

/// Looks up all texts, one after the other.
pub(crate) type Contender = fn(&Texts);

/// A set of names and the subjects that look up names in it.
pub(crate) struct Set {
    pub(crate) names: &'static [&'static str],
    /// The cost of the loop and the call.
    pub(crate) nothing: Contender,
    pub(crate) ours: Contender,
    pub(crate) by_match: Contender,
    pub(crate) strum: Contender,
    pub(crate) phf: Contender,
}

macro_rules! set {
    ($module:ident) => {
        Set {
            names: &$module::NAMES,
            nothing: |texts| look_up(texts, str::len),
            ours: |texts| look_up(texts, $module::Ours::parse),
            by_match: |texts| look_up(texts, $module::by_match),
            strum: |texts| look_up(texts, $module::Theirs::from_str),
            phf: |texts| look_up(texts, |text| $module::MAP.get(text)),
        }
    };
}

pub(crate) static EIGHT: Set = set!(eight);
pub(crate) static SIXTY_FOUR: Set = set!(sixty_four);
pub(crate) static MANY: Set = set!(many);

pub(crate) const NAMES_8: [&str; 8] = eight::NAMES;
pub(crate) const NAMES_64: [&str; 64] = sixty_four::NAMES;
pub(crate) const NAMES_512: [&str; 512] = many::NAMES;

fn look_up<T>(texts: &Texts, find: fn(&str) -> T) {
    let find = black_box(find);
    for text in texts.iter() {
        black_box(find(text));
    }
}

/// The kind of texts to look up.
#[derive(Clone, Copy)]
pub(crate) enum Inputs {
    Hits,
    /// Names with one changed letter.
    NearMisses,
    /// Random letters, with the lengths of the names.
    Misses,
}

/// Texts in contiguous memory.
pub(crate) struct Texts {
    letters: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.letters[start..*end])
    }
}

/// Makes texts in the order of the names, or in an order that no branch predictor can learn.
pub(crate) fn texts(names: &[&str], inputs: Inputs, count: usize, shuffled: bool) -> Texts {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut texts = Texts { letters: String::new(), ends: Vec::with_capacity(count) };
    for i in 0..count {
        let name = names[if shuffled { random.below(names.len()) } else { i % names.len() }];
        let changed = random.below(name.len());
        texts.letters.extend(name.char_indices().map(|(at, letter)| match inputs {
            Inputs::Hits => letter,
            Inputs::NearMisses if at != changed => letter,
            Inputs::NearMisses => '#',
            Inputs::Misses => char::from(b'a' + u8::try_from(random.below(26)).unwrap_or_default()),
        }));
        texts.ends.push(texts.letters.len());
    }
    texts
}

/// xorshift64*: a generator with the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap_or_default() % limit
    }
}
