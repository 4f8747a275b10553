/**
 * getrusage(): user and system together (the kernel counts the sum exactly, and only guesses at the parts), of all
 * threads, so that the garbage collector and the compiler beside the main one count too.
 */
export function cpuMs () {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}
