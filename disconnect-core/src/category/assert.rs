//! [`assert_categories!`](crate::assert_categories): a compile error when a set of categories changes.

use super::row::Category;

/// Fails to compile when the categories of an enum differ from the listed values. The order does not matter.
///
/// Use it for a set that something outside the program depends on: a dashboard, an alert or a database table. The
/// compile error lists every category that was added, removed or renamed, and with `expected: [...]` also every changed
/// expected flag.
///
/// ```
/// use disconnect_core::{DisconnectField, assert_categories};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("leave_reason")]
/// enum LeaveReason {
///     Unknown,
///     #[expected]
///     Quit,
/// }
///
/// assert_categories!(LeaveReason, ["unknown", "quit"]);
/// assert_categories!(LeaveReason, ["unknown", "quit"], expected: ["quit"]);
/// ```
///
/// ```compile_fail
/// # use disconnect_core::{DisconnectField, assert_categories};
/// # #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// # #[field("leave_reason")]
/// # enum LeaveReason { Unknown, Quit }
/// // error: the categories of `leave_reason` changed; added: `quit`
/// assert_categories!(LeaveReason, ["unknown"]);
/// ```
#[macro_export]
macro_rules! assert_categories {
    ($category:ty, [$($value:expr),* $(,)?] $(,)?) => {
        $crate::assert_categories!(@ $category, &[$($value),*], $crate::__private::None);
    };
    ($category:ty, [$($value:expr),* $(,)?], expected: [$($expected:expr),* $(,)?] $(,)?) => {
        $crate::assert_categories!(@ $category, &[$($value),*], $crate::__private::Some(&[$($expected),*]));
    };
    (@ $category:ty, $values:expr, $expected:expr) => {
        const _: () = {
            const DIFFERENCE: $crate::__private::Difference = $crate::__private::Difference::new(
                <$category as $crate::DisconnectField>::FIELD,
                <$category as $crate::DisconnectField>::CATEGORIES,
                $values,
                $expected,
            );
            if !DIFFERENCE.is_empty() {
                $crate::__private::panic!("{}", DIFFERENCE.text());
            }
        };
    };
}

/// The difference between a set and its listed values, as a text that is built at compile time.
pub struct Difference {
    text: [u8; Self::CAPACITY],
    len: usize,
}

impl Difference {
    const CAPACITY: usize = 4096;

    /// Compares the set with the listed values, and with the listed expected values where they are given.
    pub const fn new(field: &str, categories: &'static [Category], values: &[&str], expected: Option<&[&str]>) -> Self {
        let mut difference = Self { text: [0; Self::CAPACITY], len: 0 };
        if categories.is_empty() {
            // An enum with errors has no rows. The derive reports those errors.
            return difference;
        }
        difference.push("the categories of `");
        difference.push(field);
        difference.push("` changed");
        let unchanged = difference.len;
        difference.push_members(categories, values);
        if let Some(expected) = expected {
            difference.push_moved(categories, values, expected);
        }
        if difference.len == unchanged {
            difference.len = 0;
        }
        difference
    }

    /// Whether the set equals the list.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The error message, on one line.
    pub const fn text(&self) -> &str {
        match core::str::from_utf8(self.text.split_at(self.len).0) {
            Ok(text) => text,
            // Reached only when `push` cut the text inside a character.
            Err(_) => "the categories changed",
        }
    }

    const fn push_members(&mut self, categories: &[Category], values: &[&str]) {
        let (added, first_added) = missing_values(categories, values);
        let (removed, first_removed) = missing_categories(categories, values);
        if added == 1 && removed == 1 {
            self.push("; renamed: ");
            self.push_quoted(values[first_removed]);
            self.push(" is now ");
            self.push_quoted(categories[first_added].value);
        } else {
            self.push_added(categories, values);
            self.push_removed(categories, values);
        }
        let mut i = 0;
        while i < values.len() {
            if contains(values.split_at(i).0, values[i]) {
                self.push("; listed twice: ");
                self.push_quoted(values[i]);
            }
            i += 1;
        }
    }

    const fn push_added(&mut self, categories: &[Category], values: &[&str]) {
        let mut lead = "; added: ";
        let mut i = 0;
        while i < categories.len() {
            if !is_listed(categories[i].value, values, i) {
                self.push(lead);
                self.push_quoted(categories[i].value);
                lead = ", ";
            }
            i += 1;
        }
    }

    const fn push_removed(&mut self, categories: &[Category], values: &[&str]) {
        let mut lead = "; removed: ";
        let mut i = 0;
        while i < values.len() {
            if !is_category(values[i], categories, i) {
                self.push(lead);
                self.push_quoted(values[i]);
                lead = ", ";
            }
            i += 1;
        }
    }

    /// Categories in both sets whose expected flag differs.
    const fn push_moved(&mut self, categories: &[Category], values: &[&str], expected: &[&str]) {
        let mut i = 0;
        while i < categories.len() {
            let category = &categories[i];
            let was_expected = contains(expected, category.value);
            if is_listed(category.value, values, i) && was_expected != category.is_expected() {
                self.push(if was_expected { "; no longer expected: " } else { "; now expected: " });
                self.push_quoted(category.value);
            }
            i += 1;
        }
        let mut i = 0;
        while i < expected.len() {
            if !contains(values, expected[i]) {
                self.push("; listed as expected, but not as a category: ");
                self.push_quoted(expected[i]);
            }
            i += 1;
        }
    }

    const fn push_quoted(&mut self, text: &str) {
        self.push("`");
        self.push(text);
        self.push("`");
    }

    /// Appends a text and drops what exceeds the capacity.
    const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        let mut i = 0;
        while i < text.len() && self.len < Self::CAPACITY {
            self.text[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
    }
}

/// The number of categories that are not listed, and the position of the first.
const fn missing_values(categories: &[Category], values: &[&str]) -> (usize, usize) {
    let (mut count, mut first) = (0, 0);
    let mut i = categories.len();
    while i > 0 {
        i -= 1;
        if !is_listed(categories[i].value, values, i) {
            (count, first) = (count + 1, i);
        }
    }
    (count, first)
}

/// The number of listed values that are no category, and the position of the first.
const fn missing_categories(categories: &[Category], values: &[&str]) -> (usize, usize) {
    let (mut count, mut first) = (0, 0);
    let mut i = values.len();
    while i > 0 {
        i -= 1;
        if !is_category(values[i], categories, i) {
            (count, first) = (count + 1, i);
        }
    }
    (count, first)
}

/// Whether the value is listed. `hint` is its position in an unchanged set; checking it first keeps the common case
/// linear.
const fn is_listed(value: &str, values: &[&str], hint: usize) -> bool {
    (hint < values.len() && same(values[hint], value)) || contains(values, value)
}

/// Whether the listed value is a category. `hint` works as in [`is_listed`].
const fn is_category(value: &str, categories: &[Category], hint: usize) -> bool {
    if hint < categories.len() && same(categories[hint].value, value) {
        return true;
    }
    let mut i = 0;
    while i < categories.len() {
        if same(categories[i].value, value) {
            return true;
        }
        i += 1;
    }
    false
}

const fn contains(values: &[&str], value: &str) -> bool {
    let mut i = 0;
    while i < values.len() {
        if same(values[i], value) {
            return true;
        }
        i += 1;
    }
    false
}

/// Compares two strings. `==` on strings is not `const` yet.
pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
