import Testing

/// The whole program against real servers, one scene after the other: each needs every core.
@Suite("acceptance on S3", .serialized)
struct Acceptance {}
