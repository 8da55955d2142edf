export * from './sink.ts';
export { ProtoWriter } from './wire/writer.ts';
