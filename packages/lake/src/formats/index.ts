export { type ExportRequest, type StoredObject, toExportRequest } from './export-request.ts';
export { FORMAT_LIMITS, type FormatLimits } from './limits.ts';
