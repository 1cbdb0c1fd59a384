// A fault proxy as a program, for benchmarks: `Proxy UPSTREAM-PORT [--round-trip MILLISECONDS] [--unavailable SHARE]`.
// Prints the port that it listens on and ends when its standard input does.
import FaultProxy
import Glibc

let usage = "usage: Proxy UPSTREAM-PORT [--round-trip MILLISECONDS] [--unavailable SHARE]"

func refuse(_ text: String) -> Never {
  fputs("\(text)\n", stderr)
  exit(2)
}

var words = CommandLine.arguments.dropFirst()
guard let upstream = words.popFirst().flatMap({ UInt16($0) }) else { refuse(usage) }
let proxy = try FaultProxy(before: upstream)
while let option = words.popFirst() {
  guard let value = words.popFirst().flatMap({ Double($0) }), value >= 0 else { refuse(usage) }
  switch option {
  case "--round-trip": proxy.setRoundTrip(UInt64(value * 1e6))
  case "--unavailable": proxy.play([ProxyFault(.answer(.slowDown()), probability: value)])
  default: refuse(usage)
  }
}
print(proxy.port)
fflush(stdout)
while getchar() != EOF {}
