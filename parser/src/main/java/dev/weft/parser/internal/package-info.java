/** Code that the parser's packages share with each other but do not export. */
package dev.weft.parser.internal;
