//! [`Axis`]: a category enum that counters use as a dimension.

use crate::category::{Category, DisconnectField, position, slot};

/// One axis of [`Counters`](crate::Counters): a category enum of that slot, or `()` for an axis that is not counted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit this axis",
    label = "expected a category enum of the slot, or `()` to omit the axis",
    note = "the order is reason, initiator, direction, method"
)]
pub trait Axis<Slot>: Copy + 'static {
    /// The categories. Empty if the axis is not counted.
    #[doc(hidden)]
    const CATEGORIES: &'static [Category];
    /// The position of this category.
    #[doc(hidden)]
    fn index(self) -> usize;
    /// The position of the category with this logged value.
    #[doc(hidden)]
    fn find(value: &str) -> Option<usize>;
    /// The position of the category with this row, which may belong to another set.
    #[doc(hidden)]
    fn place(row: &'static Category) -> Option<usize>;
}

macro_rules! axis {
    ($marker:ident, $slot:ident, $name:literal) => {
        #[doc = concat!("The ", $name, " axis.")]
        #[derive(Clone, Copy, Debug)]
        pub enum $marker {}

        #[diagnostic::do_not_recommend]
        impl<T: slot::$slot> Axis<$marker> for T {
            const CATEGORIES: &'static [Category] = <T as DisconnectField>::CATEGORIES;

            fn index(self) -> usize {
                DisconnectField::index(self)
            }

            fn find(value: &str) -> Option<usize> {
                T::parse(value).map(DisconnectField::index)
            }

            #[inline]
            fn place(row: &'static Category) -> Option<usize> {
                position::<T>(row)
            }
        }
    };
}

axis!(OfInitiator, Initiator, "initiator");
axis!(OfDirection, Direction, "direction");
axis!(OfMethod, Method, "method");

impl<Slot> Axis<Slot> for () {
    const CATEGORIES: &'static [Category] = &[];

    fn index(self) -> usize {
        0
    }

    fn find(_: &str) -> Option<usize> {
        Some(0)
    }

    fn place(_: &'static Category) -> Option<usize> {
        Some(0)
    }
}
