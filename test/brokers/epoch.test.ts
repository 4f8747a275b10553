import t from 'tap'
import { newEpoch } from '../../lib/brokers/epoch.js'

t.test('an epoch is 12 letters and digits, and never the same', async t => {
  const epochs = Array.from({ length: 1_000 }, newEpoch)
  for (const epoch of epochs) if (!/^[A-Za-z0-9]{12}$/.test(epoch)) t.fail(epoch)
  t.equal(new Set(epochs).size, epochs.length)
  t.equal(new Set(epochs.join('')).size, 62, 'every character is used')
})
