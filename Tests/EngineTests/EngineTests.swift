import Testing

/// All suites of the engine, one after the other: each of them uses every core and looks at the threads and children
/// of the whole process.
@Suite("engine", .serialized)
struct EngineTests {}
