import t from 'tap'
import { age, bytes, count, milliseconds, rate, time } from '../../../lib/inspector/page/formats.js'

const cases = (format: (value: never) => string, table: ReadonlyArray<readonly [value: unknown, text: string]>) => async (t: { equal: (a: unknown, b: unknown) => unknown }) => {
  for (const [value, text] of table) t.equal(format(value as never).replaceAll('\u00a0', ' '), text)
}

t.test('a count has its thousands apart', cases(count, [[0, '0'], [1234567, '1,234,567']]))

t.test('a rate has a tenth where that can be seen', cases(rate, [[null, '–'], [0, '0'], [0.04, '0.0'], [1, '1.0'], [9.94, '9.9'], [9.96, '10'], [1234.5, '1,235']]))

t.test('bytes are told in the unit that suits them', cases(bytes, [
  [0, '0 B'], [0.5, '1 B'], [1023, '1,023 B'], [1024, '1.0 KiB'], [102_300, '99.9 KiB'], [102_400, '100 KiB'], [1024 ** 2 * 3.25, '3.3 MiB'], [1024 ** 3, '1.0 GiB'],
  [1024 ** 4, '1.0 TiB'], [1024 ** 5, '1,024 TiB']
]))

t.test('an age is told as far as it matters', cases(age, [
  [-5, '0 s'], [42_900, '42 s'], [187_000, '3:07'], [3_787_000, '1:03:07'], [47 * 3_600_000, '47:00:00'], [49 * 3_600_000, '2 d 1 h']
]))

t.test('a percentile is told by the bound of its bucket', cases(milliseconds, [[undefined, '–'], [-1, 'very long'], [0.5, '≤ 0.5 ms'], [2.5, '≤ 2.5 ms'], [1_000, '≤ 1 s'], [2_500, '≤ 2.5 s']]))

t.test('the time of an event has its milliseconds', async t => {
  t.equal(time(new Date(2026, 0, 2, 3, 4, 5, 6).getTime()), '03:04:05.006')
})
