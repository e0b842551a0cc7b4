//! Refused: a method of a trait that is not imported. The compiler names the trait, and where it is.

use executor::task;
use reactor::net::UnixStream;

fn main() {
    let (mut near, _far) = UnixStream::pair().unwrap();
    task::block_on(near.write_all(b"tea")).unwrap();
}
