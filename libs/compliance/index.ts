export { type AccessRow, type AccessReport, inOrder, type Period, type Totals } from './access-report.js';
export { AccessFold } from './access-fold.js';
export {
  type Gap,
  type GapKind,
  gapsInOrder,
  gapsOfProducer,
  gapsOfSession,
  type ProducerAccount,
  type SessionAccount,
} from './gaps.js';
export { csv, type CsvCell } from './csv.js';
export { type Bundle, bundle, type BundleFile, type Provenance } from './bundle.js';
export { zip } from './zip.js';
