//! What somebody wrote in an answer, apart from its history and signature.
