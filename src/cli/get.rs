//! `fgtkey get` from flags, and from the query that Terraform writes to stdin.

use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::deliver::{Destination, DestinationError, Query, QueryError};
use crate::report::{Exit, Reporter, with_causes};
use crate::verbs::get::Get;

use super::args::GetArgs;
use super::{logging_in, print};

/// The largest query that is read, in bytes.
const LARGEST_QUERY: u64 = 64 * 1024;

pub(super) fn run(args: &GetArgs, reporter: &mut Reporter) -> Exit {
    match asked(args) {
        Ok(get) => answer(args, &get, reporter),
        Err(Refused { exit, message, hint }) => {
            reporter.bad_usage(&message, hint.as_deref());
            exit
        }
    }
}

/// Why nothing is asked. What Terraform asks wrongly has failed like any other of its programs: with status 1.
struct Refused {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl From<QueryError> for Refused {
    fn from(error: QueryError) -> Refused {
        let hint = "query = { from = \"dotenv:fw1.env\", device = \"fw1\" }";
        Refused { exit: Exit::Failed, message: with_causes(&error), hint: Some(hint.into()) }
    }
}

fn asked(args: &GetArgs) -> Result<Get, Refused> {
    let (from, device, exit) = match &args.from {
        Some(from) => (from.clone(), args.device.clone(), Exit::Usage),
        None => {
            let query = query()?;
            (destination(&query.from)?, query.device, Exit::Failed)
        }
    };
    let device = device.map(|text| logging_in::named(args.ssh_config.clone(), &text)).transpose();
    let device = device.map_err(|error| Refused { exit, message: with_causes(&error), hint: error.hint() })?;
    Ok(Get { from, device })
}

fn query() -> Result<Query, Refused> {
    let mut json = Vec::new();
    let read = io::stdin().lock().take(LARGEST_QUERY).read_to_end(&mut json);
    read.map_err(|error| Refused {
        exit: Exit::Failed,
        message: format!("the query cannot be read from stdin: {}", with_causes(&error)),
        hint: None,
    })?;
    Ok(Query::parse(&json)?)
}

fn destination(text: &str) -> Result<Destination, Refused> {
    text.parse().map_err(|error: DestinationError| Refused {
        exit: Exit::Failed,
        message: format!("from: {}", with_causes(&error)),
        hint: error.hint(),
    })
}

fn answer(args: &GetArgs, get: &Get, reporter: &mut Reporter) -> Exit {
    let answer = match get.run() {
        Ok(answer) => answer,
        Err(error) => {
            reporter.failure(None, &error, &[], error.hint().as_deref());
            return Exit::Failed;
        }
    };
    let bytes = if args.terraform { answer.external() } else { answer.render(args.output) };
    // Into memory: nothing in it can fail.
    print(&bytes.unwrap_or_else(|_| Zeroizing::default()))
}
