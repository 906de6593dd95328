//! Puts every mutant of a file behind its switch.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use anyhow::{Context, Result};
use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, BinOp, Expr, ExprBinary, ExprMatch, ExprStruct, ExprUnary, Member};

use crate::Mutant;

/// A file with its mutants.
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// Where the text of each rewritten place is, and the mutants there.
    places: Vec<(Range<usize>, Vec<u32>)>,
    /// Where each `match` is, and the mutants that take an arm away.
    matches: Vec<(Range<usize>, Vec<u32>)>,
}

impl Rewritten {
    /// The mutants that an error of the compiler is about: those of the smallest place around it.
    pub(crate) fn at(&self, error: &Range<usize>) -> Option<&[u32]> {
        smallest(&self.places, error)
    }

    /// The mutants that an error about a missing arm is about.
    pub(crate) fn arms_at(&self, error: &Range<usize>) -> Option<&[u32]> {
        smallest(&self.matches, error)
    }
}

fn smallest<'a>(places: &'a [(Range<usize>, Vec<u32>)], error: &Range<usize>) -> Option<&'a [u32]> {
    let around = places.iter().filter(|(place, _)| place.start <= error.start && error.end <= place.end);
    around.min_by_key(|(place, _)| place.len()).map(|(_, mutants)| &mutants[..])
}

/// The text of a file in which each mutant is on where the switch says so.
pub(crate) fn rewrite(source: &str, mutants: &[&Mutant], refused: &HashSet<u32>) -> Result<Rewritten> {
    let file = syn::parse_file(source).context("the file is Rust")?;
    let mut search = Search { source, mutants: HashMap::new(), rewrites: Vec::new() };
    for mutant in mutants.iter().filter(|mutant| !refused.contains(&mutant.number)) {
        let start = mutant.span.start;
        search.mutants.entry((start.line, start.column)).or_default().push(mutant);
    }
    search.visit_file(&file);
    search.bodies_and_guards();
    let mut rewrites = search.rewrites;
    // What is inserted comes before what begins there, and the outer place before the inner one.
    rewrites.sort_by_key(|Rewrite { place, is_guard, .. }| {
        (place.start, !place.is_empty(), usize::MAX - place.len(), !is_guard)
    });
    let mut rendered = Rewritten { text: String::new(), places: Vec::new(), matches: Vec::new() };
    render(source, 0..source.len(), &rewrites, &mut rendered);
    Ok(rendered)
}

/// What stands at a place instead of the source.
struct Rewrite {
    place: Range<usize>,
    mutants: Vec<u32>,
    parts: Vec<Part>,
    is_match: bool,
    /// A guard is around the expression that it consists of.
    is_guard: bool,
}

enum Part {
    Text(String),
    Source(Range<usize>),
}

fn render(source: &str, range: Range<usize>, rewrites: &[Rewrite], to: &mut Rewritten) {
    let mut written = range.start;
    for (index, rewrite) in rewrites.iter().enumerate() {
        if rewrite.place.start < written || rewrite.place.end > range.end {
            continue;
        }
        to.text.push_str(&source[written..rewrite.place.start]);
        written = rewrite.place.end;
        let start = to.text.len();
        for part in &rewrite.parts {
            match part {
                Part::Text(text) => to.text.push_str(text),
                Part::Source(range) => render(source, range.clone(), &rewrites[index + 1..], to),
            }
        }
        let places = if rewrite.is_match { &mut to.matches } else { &mut to.places };
        places.push((start..to.text.len(), rewrite.mutants.clone()));
    }
    to.text.push_str(&source[written..range.end]);
}

/// Finds the places of the mutants, whose own spans are an operator or the start of an expression.
struct Search<'a> {
    source: &'a str,
    mutants: HashMap<(usize, usize), Vec<&'a Mutant>>,
    rewrites: Vec<Rewrite>,
}

impl Search<'_> {
    fn take(&mut self, at: LineColumn, genre: &str) -> Vec<(u32, String)> {
        let Some(here) = self.mutants.get_mut(&(at.line, at.column + 1)) else { return Vec::new() };
        let (taken, rest) = here.drain(..).partition(|mutant| mutant.genre == genre);
        *here = rest;
        taken.into_iter().map(|mutant: &Mutant| (mutant.number, mutant.replacement.clone())).collect()
    }

    fn push(&mut self, place: Range<usize>, mutants: Vec<u32>, parts: Vec<Part>) {
        self.rewrites.push(Rewrite { place, mutants, parts, is_match: false, is_guard: false });
    }

    fn push_guard(&mut self, place: Range<usize>, number: u32, first: String) {
        let parts = vec![Part::Text(first), Part::Source(place.clone()), Part::Text("))".to_owned())];
        self.rewrites.push(Rewrite { place, mutants: vec![number], parts, is_match: false, is_guard: true });
    }

    /// The mutants whose places need no search: whole bodies, and guards of match arms.
    fn bodies_and_guards(&mut self) {
        let rest: Vec<&Mutant> = self.mutants.values().flatten().copied().collect();
        for mutant in &rest {
            let place = self.bytes(mutant);
            let number = mutant.number;
            match mutant.genre.as_str() {
                "FnValue" => {
                    let replacement = format!("if {} {{ return {}; }} ", on(number), mutant.replacement);
                    self.push(place.start..place.start, vec![number], vec![Part::Text(replacement)]);
                }
                "MatchArmGuard" => {
                    let first = if mutant.replacement == "true" {
                        format!("({} || (", on(number))
                    } else {
                        format!("(!{} && (", on(number))
                    };
                    self.push_guard(place, number, first);
                }
                _ => {}
            }
        }
    }

    fn bytes(&self, mutant: &Mutant) -> Range<usize> {
        let at = |position: crate::Position| {
            let line: usize = self.source.split_inclusive('\n').take(position.line - 1).map(str::len).sum();
            let before = self.source[line..].chars().take(position.column - 1).map(char::len_utf8);
            line + before.sum::<usize>()
        };
        at(mutant.span.start)..at(mutant.span.end)
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_expr_binary(&mut self, node: &'ast ExprBinary) {
        let mutants = self.take(node.op.span().start(), "BinaryOperator");
        if !mutants.is_empty() && !has_let(&node.left) && !has_let(&node.right) {
            let numbers = mutants.iter().map(|(number, _)| *number).collect();
            let [whole, left, right] = [node.span(), node.left.span(), node.right.span()].map(|span| span.byte_range());
            let operator = &self.source[node.op.span().byte_range()];
            let parts = binary(&node.op, operator, &mutants, left, right);
            self.push(whole, numbers, parts);
        }
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_unary(&mut self, node: &'ast ExprUnary) {
        for (number, _) in self.take(node.op.span().start(), "UnaryOperator") {
            let operator = self.source[node.op.span().byte_range()].to_owned();
            let parts = vec![
                Part::Text("(match (".to_owned()),
                Part::Source(node.expr.span().byte_range()),
                Part::Text(format!(") {{ v => if {} {{ v }} else {{ {operator}v }} }})", on(number))),
            ];
            self.push(node.span().byte_range(), vec![number], parts);
        }
        visit::visit_expr_unary(self, node);
    }

    fn visit_expr_match(&mut self, node: &'ast ExprMatch) {
        let starts = node.arms.iter().map(|arm| arm.span().start());
        let arms: Vec<u32> = starts
            .flat_map(|start| self.mutants.get(&(start.line, start.column + 1)).cloned().unwrap_or_default())
            .filter(|mutant| mutant.genre == "MatchArm")
            .map(|mutant| mutant.number)
            .collect();
        if !arms.is_empty() {
            let place = node.span().byte_range();
            let parts = vec![Part::Source(place.clone())];
            self.rewrites.push(Rewrite { place, mutants: arms, parts, is_match: true, is_guard: false });
        }
        visit::visit_expr_match(self, node);
    }

    fn visit_arm(&mut self, node: &'ast Arm) {
        for (number, _) in self.take(node.span().start(), "MatchArm") {
            if let Some((_, guard)) = &node.guard {
                self.push_guard(guard.span().byte_range(), number, format!("(!{} && (", on(number)));
            } else {
                let end = node.pat.span().byte_range().end;
                self.push(end..end, vec![number], vec![Part::Text(format!(" if !{}", on(number)))]);
            }
        }
        visit::visit_arm(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast ExprStruct) {
        for field in &node.fields {
            for (number, _) in self.take(field.span().start(), "StructField") {
                let (Some(rest), Member::Named(name)) = (&node.rest, &field.member) else { continue };
                let parts = vec![
                    Part::Text(format!("{name}: if {} {{ (", on(number))),
                    Part::Source(rest.span().byte_range()),
                    Part::Text(format!(").{name} }} else {{ ")),
                    Part::Source(field.expr.span().byte_range()),
                    Part::Text(" }".to_owned()),
                ];
                self.push(field.span().byte_range(), vec![number], parts);
            }
        }
        visit::visit_expr_struct(self, node);
    }
}

fn binary(op: &BinOp, operator: &str, mutants: &[(u32, String)], left: Range<usize>, right: Range<usize>) -> Vec<Part> {
    let text = |text: &str| Part::Text(text.to_owned());
    let number = mutants[0].0;
    let chain = |left: &str, right: &str| {
        let replaced = mutants
            .iter()
            .map(|(number, replacement)| format!("if {} {{ {left} {replacement} {right} }} else ", on(*number)));
        replaced.collect::<String>() + &format!("{{ {left} {operator} {right} }}")
    };
    let sources = [Part::Source(left.clone()), Part::Source(right)];
    let [left_part, right_part] = sources;
    match op {
        BinOp::And(_) => {
            let middle = text(&format!(") {{ l => if l != {} {{ ", on(number)));
            vec![text("(match ("), left_part, middle, right_part, text(" } else { l } })")]
        }
        BinOp::Or(_) => {
            let middle = text(&format!(") {{ l => if l == {} {{ ", on(number)));
            vec![text("(match ("), left_part, middle, right_part, text(" } else { l } })")]
        }
        BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
            let last = text(&format!(")) {{ (l, r) => {} }})", chain("*l", "*r")));
            vec![text("(match (&("), left_part, text("), &("), right_part, last]
        }
        BinOp::AddAssign(_)
        | BinOp::SubAssign(_)
        | BinOp::MulAssign(_)
        | BinOp::DivAssign(_)
        | BinOp::BitAndAssign(_)
        | BinOp::BitOrAssign(_)
        | BinOp::BitXorAssign(_) => {
            let mut parts = vec![text("{ let r = "), right_part, text("; ")];
            for (number, replacement) in mutants {
                parts.push(text(&format!("if {} {{ ", on(*number))));
                parts.push(Part::Source(left.clone()));
                parts.push(text(&format!(" {replacement} r }} else ")));
            }
            parts.extend([text("{ "), left_part, text(&format!(" {operator} r }} }}"))]);
            parts
        }
        _ => {
            let last = text(&format!(") {{ (l, r) => {} }})", chain("l", "r")));
            vec![text("(match ("), left_part, text(", "), right_part, last]
        }
    }
}

/// Whether an operand of `&&` binds names, which only the original operator allows.
fn has_let(operand: &Expr) -> bool {
    match operand {
        Expr::Let(_) => true,
        Expr::Binary(chain) => has_let(&chain.left) || has_let(&chain.right),
        _ => false,
    }
}

fn on(number: u32) -> String {
    format!("::disconnect_mutant::on({number})")
}
