//! `Watched` with `Read` and `Write` of std.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

use super::Watched;

impl<S: Read> Read for Watched<S> {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.stream.read(buf);
        self.watch.after_read(result, !buf.is_empty())
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let result = self.stream.read_vectored(bufs);
        self.watch.after_read(result, bufs.iter().any(|buf| !buf.is_empty()))
    }
}

impl<S: Write> Write for Watched<S> {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some(instead) = self.watch.instead_of_write(buf.len()) {
            return instead;
        }
        let result = self.stream.write(buf);
        self.watch.after_write(result, buf.len())
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = super::length(bufs);
        if let Some(instead) = self.watch.instead_of_write(length) {
            return instead;
        }
        let result = self.stream.write_vectored(bufs);
        self.watch.after_write(result, length)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        let result = self.stream.flush();
        self.watch.after_flush(result)
    }
}
