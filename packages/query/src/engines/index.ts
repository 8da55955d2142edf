export { askEngine, type EngineAnswer } from './answer.ts';
export {
  type TranslatedColumn,
  type Translation,
  type TranslationRequest,
  translate,
} from './translation.ts';
export { type TrinoOptions, trinoEngine } from './trino.ts';
