//! Refused: a boxed error, which may be of any type, lives until the end of the `match`.

use std::error::Error;

use executor::task;

fn parse(text: &str) -> Result<u32, Box<dyn Error>> {
    Ok(text.parse()?)
}

async fn parse_or_wait(text: &str) -> u32 {
    match parse(text) {
        Ok(number) => number,
        Err(error) => {
            task::yield_now().await;
            println!("{error}");
            0
        }
    }
}

fn main() {
    println!("{}", task::block_on(task::spawn(parse_or_wait("twelve"))));
}
