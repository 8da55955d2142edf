// The handler of the image. The bundler puts the module of --handler in this one's place.
export { helloWorld as default } from '@lakewright/refine';
