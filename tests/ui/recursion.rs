//! Refused: the future would contain a future of its own type, which would contain another, and so on.

use executor::task;

struct Folder {
    files: u32,
    folders: Vec<Folder>,
}

async fn count(folder: &Folder) -> u32 {
    let mut files = folder.files;
    task::yield_now().await;
    for inner in &folder.folders {
        files += count(inner).await;
    }
    files
}

fn main() {
    let inner = Folder { files: 2, folders: Vec::new() };
    let outer = Folder { files: 1, folders: vec![inner] };
    println!("{}", task::block_on(count(&outer)));
}
