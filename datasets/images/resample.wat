;; Sums of weighted pixels, several bytes at a time, by the arithmetic of Pillow: weights are whole
;; numbers of 22 bits after the point, and sums are rounded and cut to bytes.
;;
;; A filter is a list of 32-bit numbers: how many old pixels or rows lie before the first that it
;; weighs, how many it weighs, and their weights. Filters lie one after another, up to `end`.
;;
;; `deno run -A tests/support/assemble_wasm.ts` makes `resample.wasm` of this file.
(module
  (memory (export "memory") 1)

  ;; Scales a row of pixels with three bytes each. Writes one byte beyond the new row.
  (func (export "scaleRow")
    (param $row i32) (param $filters i32) (param $end i32) (param $out i32)
    (local $old i32) (local $last i32) (local $sum v128)
    (loop $pixels
      (local.set $old (i32.add (local.get $row)
        (i32.mul (i32.const 3) (i32.load (local.get $filters)))))
      (local.set $last (i32.add (local.get $filters)
        (i32.shl (i32.load offset=4 (local.get $filters)) (i32.const 2))))
      (local.set $sum (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
      (loop $weights
        (local.set $sum (i32x4.add (local.get $sum) (i32x4.mul
          (v128.load32_splat offset=8 (local.get $filters))
          (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u
            (v128.load32_zero (local.get $old)))))))
        (local.set $old (i32.add (local.get $old) (i32.const 3)))
        (local.set $filters (i32.add (local.get $filters) (i32.const 4)))
        (br_if $weights (i32.lt_u (local.get $filters) (local.get $last))))
      (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
      (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
      (v128.store32_lane 0 (local.get $out)
        (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
      (local.set $out (i32.add (local.get $out) (i32.const 3)))
      (local.set $filters (i32.add (local.get $filters) (i32.const 8)))
      (br_if $pixels (i32.lt_u (local.get $filters) (local.get $end)))))

  ;; Sums rows of `length` bytes to new rows. Writes up to 15 bytes beyond the last one.
  (func (export "sumRows")
    (param $rows i32) (param $length i32) (param $filters i32) (param $end i32) (param $out i32)
    (local $first i32) (local $weights i32) (local $last i32) (local $x i32)
    (local $old i32) (local $weight i32) (local $factor v128) (local $bytes v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $new
      (local.set $first (i32.add (local.get $rows)
        (i32.mul (local.get $length) (i32.load (local.get $filters)))))
      (local.set $weights (i32.add (local.get $filters) (i32.const 8)))
      (local.set $last (i32.add (local.get $weights)
        (i32.shl (i32.load offset=4 (local.get $filters)) (i32.const 2))))
      (local.set $x (i32.const 0))
      (loop $chunks
        (local.set $a (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
        (local.set $b (local.get $a))
        (local.set $c (local.get $a))
        (local.set $d (local.get $a))
        (local.set $old (i32.add (local.get $first) (local.get $x)))
        (local.set $weight (local.get $weights))
        (loop $sums
          (local.set $factor (v128.load32_splat (local.get $weight)))
          (local.set $bytes (v128.load (local.get $old)))
          (local.set $a (i32x4.add (local.get $a) (i32x4.mul (local.get $factor)
            (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $bytes))))))
          (local.set $b (i32x4.add (local.get $b) (i32x4.mul (local.get $factor)
            (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $bytes))))))
          (local.set $c (i32x4.add (local.get $c) (i32x4.mul (local.get $factor)
            (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $bytes))))))
          (local.set $d (i32x4.add (local.get $d) (i32x4.mul (local.get $factor)
            (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $bytes))))))
          (local.set $old (i32.add (local.get $old) (local.get $length)))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (br_if $sums (i32.lt_u (local.get $weight) (local.get $last))))
        (v128.store (i32.add (local.get $out) (local.get $x)) (i8x16.narrow_i16x8_u
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (local.get $a) (i32.const 22))
            (i32x4.shr_s (local.get $b) (i32.const 22)))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (local.get $c) (i32.const 22))
            (i32x4.shr_s (local.get $d) (i32.const 22)))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br_if $chunks (i32.lt_u (local.get $x) (local.get $length))))
      (local.set $out (i32.add (local.get $out) (local.get $length)))
      (local.set $filters (local.get $last))
      (br_if $new (i32.lt_u (local.get $filters) (local.get $end))))))
