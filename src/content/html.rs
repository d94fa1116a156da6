//! HTML from strangers, bounded before any parser sees it.
