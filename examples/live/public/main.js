import { showFigures } from './figures.js'
import { offerJob } from './job.js'
import { offerText } from './text.js'

showFigures()
offerJob()
offerText()
