import t from 'tap'
import { isRawText } from '../../lib/schema/media-type.js'

for (const [mediaType, expected] of [
  ['text/plain', true], ['text/html; charset=utf-8', true], ['', true], ['application/jsonp', true], ['text/x; a=+json', true],
  ['application/json', false], ['text/json', false], [' Application/JSON ; charset=utf-8', false], ['application/ld+json', false],
  ['image/svg+json; a=b', false], [undefined, false], [1, false]
] as const) {
  t.test(`a string of ${JSON.stringify(mediaType)} is ${expected ? 'raw text' : 'JSON'}`, async t => {
    t.equal(isRawText(mediaType), expected)
  })
}
