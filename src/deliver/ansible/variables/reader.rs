//! What the parser says, taken apart: which variables there are, and where.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Marker, ScalarStyle, Span, StructureStyle};

use super::unclear;
use crate::deliver::EditError;

/// A variable that is there.
pub(super) struct Entry<'a> {
    pub(super) name: Cow<'a, str>,
    /// From the first letter of the key to the last one of the value, in bytes.
    pub(super) place: Range<usize>,
    /// Key and value, without their places.
    pub(super) events: Vec<Event<'a>>,
}

/// Takes the parser's events apart.
#[derive(Default)]
pub(super) struct Reader<'a> {
    /// The bytes in front of what the parser reads.
    mark: usize,
    documents: usize,
    /// The collections that are open, the mapping of variables first.
    open: Vec<StructureStyle>,
    pub(super) entries: Vec<Entry<'a>>,
    /// Whether the entry at the end still lacks its value.
    in_entry: bool,
    /// Behind the mark of the document's beginning.
    pub(super) begin: usize,
    /// Whether the last value is a block of text.
    pub(super) ends_in_block: bool,
}

impl<'a> Reader<'a> {
    /// A reader of what stands behind so many bytes.
    pub(super) fn behind(mark: usize) -> Self {
        Reader { mark, ..Reader::default() }
    }

    pub(super) fn take(&mut self, event: Event<'a>, span: &Span) -> Result<(), EditError> {
        match (&event, self.open.len()) {
            (Event::DocumentStart(explicit, _), _) => self.document(*explicit, span),
            (Event::StreamStart | Event::StreamEnd | Event::DocumentEnd, _) => Ok(()),
            (_, 0) => self.root(&event, span),
            (Event::MappingEnd, 1) => {
                self.open.clear();
                Ok(())
            }
            (_, 1) if !self.in_entry => self.key(event, span),
            _ => {
                self.value(event, span);
                Ok(())
            }
        }
    }

    fn document(&mut self, explicit: bool, span: &Span) -> Result<(), EditError> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(unclear(span.start.line(), "a second document begins"));
        }
        if explicit {
            self.begin = self.byte(&span.end);
        }
        Ok(())
    }

    /// The top of the document: a mapping in block style, or nothing.
    fn root(&mut self, event: &Event<'a>, span: &Span) -> Result<(), EditError> {
        match event {
            Event::MappingStart(style @ StructureStyle::Block, 0, None) => {
                self.open.push(*style);
                Ok(())
            }
            Event::Scalar(_, ScalarStyle::Plain, 0, None) if span.is_empty() => Ok(()),
            _ => Err(unclear(span.start.line(), "what is at the top is not a mapping of variables, one a line")),
        }
    }

    fn key(&mut self, event: Event<'a>, span: &Span) -> Result<(), EditError> {
        let Event::Scalar(name, _, 0, None) = &event else {
            return Err(unclear(span.start.line(), "a key is not a plain name"));
        };
        if span.start.col() != 0 || span.is_empty() {
            return Err(unclear(span.start.line(), "a variable does not begin at the left margin"));
        }
        let place = self.byte(&span.start)..self.byte(&span.end) + ":".len();
        self.entries.push(Entry { name: name.clone(), place, events: vec![event] });
        self.in_entry = true;
        Ok(())
    }

    fn value(&mut self, event: Event<'a>, span: &Span) {
        let end = self.last_byte(&event, span);
        if let Event::Scalar(_, style, ..) = &event {
            self.ends_in_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        }
        self.in_entry = self.open.len() > 1;
        if let Some(entry) = self.entries.last_mut() {
            entry.place.end = entry.place.end.max(end);
            entry.events.push(event);
        }
    }

    /// Where the value ends as far as this event says it. A collection in block style ends with what is in it: the parser
    /// finds its end where the next thing begins.
    fn last_byte(&mut self, event: &Event<'_>, span: &Span) -> usize {
        match event {
            Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) => {
                self.open.push(*style);
                0
            }
            Event::MappingEnd | Event::SequenceEnd if self.open.pop() == Some(StructureStyle::Block) => 0,
            _ if span.is_empty() => span.tag_span().map_or(0, |tag| self.byte(&tag.end)),
            _ => self.byte(&span.end),
        }
    }

    fn byte(&self, marker: &Marker) -> usize {
        self.mark + marker.byte_offset().unwrap_or_default()
    }
}
